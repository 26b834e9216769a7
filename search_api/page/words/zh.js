// English to Chinese, by view; a test checks that nothing is missing.
export default {
  // header and base
  "Skip to the content": "跳到内容",
  "Describe the image": "描述图片",
  "Describe the image: red mug on a desk": "描述图片，例如：桌上的红色杯子",
  "Search": "搜索",
  "Views": "页面",
  "Index": "索引",
  "Try out": "试用",
  "Sign out": "退出",
  "A key is needed here": "此处需要密钥",
  "Your key, which begins with cs_": "您的密钥，以 cs_ 开头",
  "Sign in": "登录",
  "Whoever runs this service makes one: indexer keys create": "密钥由服务的运行者创建：indexer keys create",
  "This key is not known here. Is it complete?": "这个密钥无法识别。是否完整？",
  "The service does not answer. Is it still running?": "服务没有响应。它还在运行吗？",

  // search
  "Show more": "显示更多",
  "Show the nearest all the same": "仍然显示最接近的图片",
  "Show weaker hits, too": "也显示较弱的结果",
  "Does it fit what you asked for?": "符合您的要求吗？",
  "Relevant": "相关",
  "Not relevant": "不相关",
  "Say what the picture shows; whole sentences work best. Also:": "请描述图片内容，完整的句子效果最好。还可以用：",

  // image
  "Open the file in a new tab": "在新标签页中打开文件",
  "Open the file": "打开文件",
  "Edit this image": "编辑这张图片",
  "What is to be changed?": "要修改什么？",
  "Say what to change: make it night, with snow on the roofs": "请说明要修改什么，例如：改成夜晚，屋顶有雪",
  "Model": "模型",
  "Format": "接口",
  "Make the edit": "开始编辑",
  "Make another one": "再做一张",
  "Try again": "重试",
  "Each call of a model may cost money. This image stays as it is.": "每次调用模型都可能产生费用。原图保持不变。",
  "Lineage": "来龙去脉",
  "An original; nothing has been made of it so far.": "原始图片；尚未用它制作过其他图片。",

  // overview

  // tryout
};
